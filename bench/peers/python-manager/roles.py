"""What bench/roles does, with the calls of Python's queue. Each thread has a connection of its own to the manager."""
import math
import threading
import time

BODY_BYTES = 100


def task(number):
    return str(number).ljust(BODY_BYTES)


def answer_to(body):
    number = int(body)
    return f"{number} {number * number}".ljust(BODY_BYTES)


def pipeline_master(tasks, results, sizes):
    put = 0
    duplicates = 0

    def put_all(start, end):
        for number in range(start, end):
            tasks.put(task(number))

    def round_of(count):
        """Answers with how many seconds it took."""
        nonlocal duplicates, put
        began_at = time.perf_counter()
        start, end = put, put + count
        put = end
        putter = threading.Thread(target=put_all, args=(start, end))
        putter.start()
        seen = set()
        while len(seen) < end - start:
            body = results.get()
            number = int(body.split()[0])
            if body != answer_to(str(number)):
                raise ValueError(f"A message is not what it should be: {body}")
            duplicates += number in seen
            seen.add(number)
        putter.join()
        return time.perf_counter() - began_at

    # As in bench/roles/pipeline-master.ts.
    warm_at = time.perf_counter() + sizes["warmUpSeconds"]
    per_second = 2000
    while time.perf_counter() < warm_at:
        count = math.ceil(per_second)
        per_second = count / round_of(count)

    def go():
        count = math.ceil(per_second * sizes["seconds"])
        seconds = round_of(count)
        return {
            "perSecond": count / seconds,
            "seconds": seconds,
            "tasks": count,
            "duplicates": duplicates,
            "messages": put,
        }

    return go


def pipeline_worker(tasks, results, _sizes):
    handled = 0

    def work():
        nonlocal handled
        while True:
            results.put(answer_to(tasks.get()))
            handled += 1

    threading.Thread(target=work, daemon=True).start()
    return lambda: {"handled": handled}


def single_puts(tasks, _results, sizes):
    counts = [0] * sizes["callers"]
    body = task(0)

    def put_for(seconds):
        before = sum(counts)
        began_at = time.perf_counter()

        def caller(index):
            while time.perf_counter() - began_at < seconds:
                tasks.put(body)
                counts[index] += 1

        threads = [threading.Thread(target=caller, args=(index,)) for index in range(len(counts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (sum(counts) - before) / (time.perf_counter() - began_at)

    put_for(sizes["warmUpSeconds"])
    return lambda: {"perSecond": put_for(sizes["seconds"]), "messages": sum(counts)}


def latency(tasks, _results, sizes):
    warm_up, count = sizes["warmUp"], sizes["messages"]
    gap, warm_up_gap = sizes["gapMs"] / 1000, sizes["warmUpGapMs"] / 1000
    put_at, took = {}, {}

    def consume():
        while True:
            number = int(tasks.get())
            took[number] = time.perf_counter() - put_at[number]

    def put_each(start, end, gap):
        for number in range(start, end):
            put_at[number] = time.perf_counter()
            tasks.put(task(number))
            time.sleep(gap)

    threading.Thread(target=consume, daemon=True).start()
    put_each(0, warm_up, warm_up_gap)

    def go():
        put_each(warm_up, warm_up + count, gap)
        while len(took) < warm_up + count:
            time.sleep(gap)
        ordered = sorted(ms * 1000 for number, ms in took.items() if number >= warm_up)
        p50, p99 = (ordered[math.ceil(len(ordered) * part) - 1] for part in (0.5, 0.99))
        return {"p50Ms": p50, "p99Ms": p99, "maxMs": ordered[-1], "messages": warm_up + count}

    return go


ROLES = {
    "pipeline-master": pipeline_master,
    "pipeline-worker": pipeline_worker,
    "single-puts": single_puts,
    "latency": latency,
}
