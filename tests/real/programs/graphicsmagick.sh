# shows: OpenMP in a library that a program loads
# needs: gm
# modules: libGraphicsMagick*
$OBSERVE gm convert -size 300x300 gradient:red-blue -blur 3x2 -resize 200x200 out.rgb
echo $?
cksum <out.rgb
