# shows: git's many children: clone, commit, threaded grep and checkout, repack
# needs: git
export HOME="$PWD" GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'
git config --global user.name real
git config --global user.email real@localhost
git config --global init.defaultBranch main
mkdir one && cp /usr/include/linux/*.h one/
$OBSERVE git -C one init -q && $OBSERVE git -C one add -A
$OBSERVE git -C one commit -q -m headers
$OBSERVE git -c core.preloadIndex=true -C one status --short
$OBSERVE git -C one grep --threads=4 -c struct | cksum
$OBSERVE git clone -q one two
$OBSERVE git -C two repack -q -a -d -f --threads=2
$OBSERVE git -C two log --format=%H
$OBSERVE git -C two fsck --full
