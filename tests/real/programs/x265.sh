# shows: wavefronts: rows of one picture in threads of a pool
# needs: x265
# modules: libx265*
{
	echo "YUV4MPEG2 W160 H120 F5:1 Ip A1:1 C420jpeg"
	for frame in 0 1 2 3 4; do
		echo FRAME
		tail -c +$((frame * 5000 + 1)) "$data" | head -c 28800
	done
} >raw.y4m
$OBSERVE x265 --preset ultrafast --pools 2 --log-level none --no-progress raw.y4m -o out.265 2>log
echo $?
cksum <out.265
