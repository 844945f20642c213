# shows: Rust programs that search by work stealing, stripped
# needs: rg fdfind
$OBSERVE rg -j4 -l include /usr/include/x86_64-linux-gnu/bits | sort | cksum
$OBSERVE rg -j4 -c --sort=path return /usr/include/x86_64-linux-gnu/bits | cksum
$OBSERVE fdfind -j4 -e h . /usr/include/linux | sort | cksum
