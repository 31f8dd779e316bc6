#!/bin/sh
# Copies the directory of a server, as it is at one moment, into a new folder, and prints the path of that.
#
#   backup.sh <data directory> <folder of backups>                            of a server that is stopped
#   backup.sh <data directory> <folder of backups> <freeze> <thaw>            of one that runs: two commands
#
# A frozen server answers nothing, and its files do not change. The copy is what a crash at that moment would have left.
set -eu
umask 077
if [ $# -ne 2 ] && [ $# -ne 4 ]; then
  echo "usage: backup.sh <data directory> <folder of backups> [<freeze command> <thaw command>]" >&2
  exit 2
fi
data=$1
backups=$2
freeze=${3:-}
thaw=${4:-}
name=$(date -u +%Y%m%dT%H%M%SZ)
partial="$backups/.$name.partial"

mkdir -p "$backups"
mkdir "$partial"
end() {
  # Also if this script is interrupted: a server must not stay frozen.
  if [ -n "$thaw" ]; then sh -c "$thaw"; fi
  rm -rf "$partial"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

if [ -n "$freeze" ]; then
  sh -c "$freeze"
else
  # The lock of a running server. While it is held here, none can start.
  exec 9<"$data"
  if ! flock -n 9; then
    echo "A server is using $data: stop it, or say how it is frozen and thawed." >&2
    exit 1
  fi
fi
cp -a "$data/." "$partial/data"
if [ -n "$thaw" ]; then sh -c "$thaw"; thaw=; fi

# What a start makes again.
rm -rf "$partial/data/reserve" "$partial/data/status" "$partial/data/server.sock"
sync
mv "$partial/data" "$backups/$name"
echo "$backups/$name"
