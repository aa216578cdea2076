/** What of busybox the stand-in shows. A fixed list: an arm64 busybox cannot be asked on another machine. */
export const APPLETS = `
  [ arch ash awk base64 basename cat chgrp chmod chown clear cmp cp cut date dd df diff dirname dmesg du echo egrep env
  expr false fgrep find free getopt grep gunzip gzip head hexdump hostname id ifconfig ip kill killall less ln ls
  md5sum mkdir mkfifo mknod mktemp more mount mv nc netstat nproc nslookup od paste pidof ping printf ps pwd
  readlink realpath renice reset rev rm rmdir route sed seq setsid sh sha1sum sha256sum sleep sort stat strings stty sync
  tail tar tee telnet test time timeout top touch tr true truncate tty udhcpc umount uname uniq unzip uptime usleep vi wc
  wget which whoami xargs xxd yes zcat
`
  .trim()
  .split(/\s+/)
