"""What bench/roles/pool-maps.ts, pool-queens.ts and pool-work.ts do, with the calls of Python's Pool."""
import time
from statistics import median_low

# As in bench/roles/pool-maps.ts.
WARM_UP_ITEMS = 10_000

SOLUTIONS = {8: 92, 9: 352, 10: 724, 11: 2_680, 12: 14_200, 13: 73_712}


def square(number):
    return number * number


def is_free(columns, row):
    column = columns[row]
    for above in range(row):
        other = columns[above]
        if other == column or abs(other - column) == row - above:
            return False
    return True


def ways(n, columns, row):
    if row == n:
        return 1
    count = 0
    for column in range(n):
        columns[row] = column
        if is_free(columns, row):
            count += ways(n, columns, row + 1)
    return count


def queens(board):
    n, first, second = board // 10_000, board // 100 % 100, board % 100
    columns = [first, second] + [0] * (n - 2)
    return ways(n, columns, 2) if is_free(columns, 1) else 0


def for_seconds(seconds, call):
    """The median of how long a call takes, in seconds."""
    took = []
    ends_at = time.perf_counter() + seconds
    while not took or time.perf_counter() < ends_at:
        took.append(call())
    return median_low(took)


def pool_maps(pool, sizes):
    items = range(sizes["items"])
    expected = [square(number) for number in items]

    def map_of(inputs, chunksize):
        began_at = time.perf_counter()
        results = pool.map(square, inputs, chunksize)
        took = time.perf_counter() - began_at
        if results != expected[: len(inputs)]:
            raise ValueError("The results are not what they should be.")
        return took

    for_seconds(sizes["warmUpSeconds"], lambda: map_of(items[:WARM_UP_ITEMS], 1))
    for_seconds(sizes["warmUpSeconds"], lambda: map_of(items, None))

    def go():
        return {
            "perSecond": len(items) / for_seconds(sizes["seconds"], lambda: map_of(items, None)),
            "onesPerSecond": len(items) / for_seconds(sizes["seconds"], lambda: map_of(items, 1)),
        }

    return go


def pool_queens(pool, sizes):
    n = sizes["queens"]
    boards = [(n * 100 + first) * 100 + second for first in range(n) for second in range(n)]

    def count():
        began_at = time.perf_counter()
        ways_of_all = sum(pool.map(queens, boards))
        took = time.perf_counter() - began_at
        if ways_of_all != SOLUTIONS[n]:
            raise ValueError(f"There are not {ways_of_all} ways.")
        return took

    for_seconds(sizes["warmUpSeconds"], count)
    return lambda: {"ms": for_seconds(sizes["seconds"], count) * 1000}


ROLES = {"pool-maps": pool_maps, "pool-queens": pool_queens}
