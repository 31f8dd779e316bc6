"""Plays one role, as bench/roles/main.ts does, with a pool of its own: `player.py address role sizes`.

Node gives its child a socket that carries a JSON value a line, and its number in NODE_CHANNEL_FD.
"""
import json
import os
import socket
import sys
from multiprocessing import Pool

import roles


def main():
    _, role, sizes = sys.argv[1:]
    sizes = json.loads(sizes)
    # The processes begin before there is a channel, of which they would keep a copy otherwise.
    with Pool(sizes["processes"]) as pool:
        channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"])).makefile("rw")

        def tell(word):
            channel.write(json.dumps(word) + "\n")
            channel.flush()

        go = roles.ROLES[role](pool, sizes)
        tell("ready")
        channel.readline()
        tell({"figures": go()})
        # Until the runner ends this process or goes away itself.
        channel.readline()


if __name__ == "__main__":
    main()
