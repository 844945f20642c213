# shows: filter, decoder and encoder threads (stripped, many libraries)
# needs: ffmpeg
# modules: libav*,libsw*,libx264*
$OBSERVE ffmpeg -nostdin -v error -threads 2 -f lavfi -i testsrc=size=320x240:rate=25:duration=3 \
	-f lavfi -i sine=duration=3 -c:v libx264 -threads 2 -preset veryfast -c:a aac -bitexact \
	-y out.mkv || exit
cksum <out.mkv
$OBSERVE ffmpeg -nostdin -v error -threads 2 -i out.mkv -f md5 -bitexact -
