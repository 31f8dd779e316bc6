"""The server: two queues in the memory of a process. `manager.py port`."""
import queue
import sys
from multiprocessing.managers import BaseManager

task_queue = queue.Queue()
result_queue = queue.Queue()


class QueueManager(BaseManager):
    pass


QueueManager.register("get_task_queue", callable=lambda: task_queue)
QueueManager.register("get_result_queue", callable=lambda: result_queue)

if __name__ == "__main__":
    manager = QueueManager(address=("127.0.0.1", int(sys.argv[1])), authkey=b"bench")
    manager.get_server().serve_forever()
