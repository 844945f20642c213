# shows: V8's and libuv's threads, worker threads with shared memory, children
# needs: node
$OBSERVE node "$programs/node_guest.js"
