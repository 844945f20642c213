# shows: frame threads and look-ahead
# needs: x264
# modules: libx264*
head -c 7603200 "$data" >raw.yuv
$OBSERVE x264 --quiet --no-progress --threads 2 --preset fast --input-res 352x288 --fps 25 -o out.264 raw.yuv 2>log || exit
grep -c "^encoded 50 frames" log
cksum <out.264
