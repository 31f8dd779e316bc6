"""Plays one role, as bench/roles/main.ts does: `player.py address role sizes`.

Node gives its child a socket that carries a JSON value a line, and its number in NODE_CHANNEL_FD.
"""
import json
import os
import socket
import sys
from multiprocessing.managers import BaseManager

import roles


class QueueManager(BaseManager):
    pass


QueueManager.register("get_task_queue")
QueueManager.register("get_result_queue")


def main():
    address, role, sizes = sys.argv[1:]
    host, port = address.split(":")
    manager = QueueManager(address=(host, int(port)), authkey=b"bench")
    manager.connect()
    channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"])).makefile("rw")

    def tell(word):
        channel.write(json.dumps(word) + "\n")
        channel.flush()

    go = roles.ROLES[role](manager.get_task_queue(), manager.get_result_queue(), json.loads(sizes))
    tell("ready")
    channel.readline()
    tell({"figures": go()})
    # Until the runner ends this process or goes away itself.
    channel.readline()
    os._exit(0)


main()
