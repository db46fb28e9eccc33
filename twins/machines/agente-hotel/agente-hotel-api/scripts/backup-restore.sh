#!/bin/sh
# restore FILE: loads a backup. Here it only unpacks what would be loaded.
[ "$1" = restore ] && [ -f "$2" ] || { echo 'usage: backup-restore.sh restore FILE' >&2; exit 2; }
gunzip -c "$2" > restored.sql || exit 1
echo "$(wc -l < restored.sql) lines restored"
