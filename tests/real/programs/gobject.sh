# shows: GLib's locks and queues, reference counts and tasks of GObject, in libraries of the system
# needs: gcc pkg-config /usr/include/glib-2.0/gio/gio.h
# shellcheck disable=SC2046 # options are words
gcc -O2 -g "$programs/gobject_guest.c" -o guest $(pkg-config --cflags --libs gio-2.0) || exit
$OBSERVE ./guest
