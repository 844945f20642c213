# shows: streaming threads with queues between them, and GLib's pools
# needs: gst-launch-1.0
$OBSERVE gst-launch-1.0 -q \
	videotestsrc num-buffers=30 ! video/x-raw,width=160,height=120 ! queue ! \
	videoconvert n-threads=2 ! queue ! filesink location=video.raw \
	audiotestsrc num-buffers=40 ! queue ! audioconvert ! audioresample ! wavenc ! \
	filesink location=audio.wav || exit
cksum <video.raw
wc -c <audio.wav
