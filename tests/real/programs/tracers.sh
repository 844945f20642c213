# shows: programs that trace, translate or shut in others, which are observed too
# needs: strace valgrind unshare chroot setpriv nohup
$OBSERVE strace -f -o trace sh -c 'true; exit 3'
echo $?
$OBSERVE valgrind -q --log-file=valgrind.log true
echo $?
$OBSERVE unshare --user --map-root-user id -u
$OBSERVE chroot / sh -c 'exit 4'
echo $?
$OBSERVE setpriv --reuid 65534 --clear-groups id -u
$OBSERVE nohup sh -c 'exit 5'
echo $?
