# make check-real: whole programs, natively and under snarl; make check-libraries:
# small programs of libraries that synchronise by themselves.  Not part of `make
# check`: they take minutes, and find what is installed.  Options of the scripts
# and names of programs: REAL_FLAGS, LIBRARIES_FLAGS.

REAL_FLAGS =
LIBRARIES_FLAGS =

check-real: all
	SNARL=./snarl srcdir=$(srcdir) $(srcdir)/tests/real/run_real $(REAL_FLAGS)

check-libraries: all
	SNARL=./snarl srcdir=$(srcdir) $(srcdir)/tests/real/run_libraries $(LIBRARIES_FLAGS)

.PHONY: check-real check-libraries

EXTRA_DIST += \
	tests/real/KNOWN.md \
	tests/real/README.md \
	tests/real/libraries \
	tests/real/run_libraries \
	tests/real/run_real
EXTRA_DIST += \
	tests/real/programs/JavaGuest.java \
	tests/real/programs/ORDER \
	tests/real/programs/apache.sh \
	tests/real/programs/asyncio_guest.py \
	tests/real/programs/bash.sh \
	tests/real/programs/cmake.sh \
	tests/real/programs/curl.sh \
	tests/real/programs/cxx_exceptions.sh \
	tests/real/programs/ecl.sh \
	tests/real/programs/exceptions_guest.cc \
	tests/real/programs/ffmpeg.sh \
	tests/real/programs/futures_guest.py \
	tests/real/programs/gcc.sh \
	tests/real/programs/gdb.sh \
	tests/real/programs/ghc.sh \
	tests/real/programs/git_everyday.sh \
	tests/real/programs/git_pack_objects.sh \
	tests/real/programs/gobject.sh \
	tests/real/programs/gobject_guest.c \
	tests/real/programs/graphicsmagick.sh \
	tests/real/programs/gstreamer.sh \
	tests/real/programs/haproxy.sh \
	tests/real/programs/java.sh \
	tests/real/programs/jemalloc.sh \
	tests/real/programs/knot.sh \
	tests/real/programs/lbzip2.sh \
	tests/real/programs/lld.sh \
	tests/real/programs/make.sh \
	tests/real/programs/mariadb.sh \
	tests/real/programs/memcached.sh \
	tests/real/programs/memcached_client.py \
	tests/real/programs/mksquashfs.sh \
	tests/real/programs/mold.sh \
	tests/real/programs/mosquitto.sh \
	tests/real/programs/multiprocessing_guest.py \
	tests/real/programs/named.sh \
	tests/real/programs/nginx.sh \
	tests/real/programs/node.sh \
	tests/real/programs/node_guest.js \
	tests/real/programs/openssl.sh \
	tests/real/programs/pbzip2.sh \
	tests/real/programs/perl.sh \
	tests/real/programs/pigz.sh \
	tests/real/programs/python_asyncio.sh \
	tests/real/programs/python_futures.sh \
	tests/real/programs/python_multiprocessing.sh \
	tests/real/programs/python_queue.sh \
	tests/real/programs/python_subprocess.sh \
	tests/real/programs/python_threading.sh \
	tests/real/programs/qt.sh \
	tests/real/programs/qt_guest.cc \
	tests/real/programs/queue_guest.py \
	tests/real/programs/redis.sh \
	tests/real/programs/ripgrep.sh \
	tests/real/programs/ruby.sh \
	tests/real/programs/rust.sh \
	tests/real/programs/samtools.sh \
	tests/real/programs/sbcl.sh \
	tests/real/programs/slapd.sh \
	tests/real/programs/sqlite3.sh \
	tests/real/programs/sqlite3_threads.sh \
	tests/real/programs/sqlite_guest.py \
	tests/real/programs/stress_ng.sh \
	tests/real/programs/subprocess_guest.py \
	tests/real/programs/sysbench_cpu.sh \
	tests/real/programs/sysbench_memory.sh \
	tests/real/programs/sysbench_mutex.sh \
	tests/real/programs/sysbench_threads.sh \
	tests/real/programs/tar_pipeline.sh \
	tests/real/programs/tcmalloc.sh \
	tests/real/programs/tcmalloc_minimal.sh \
	tests/real/programs/threading_guest.py \
	tests/real/programs/tracers.sh \
	tests/real/programs/unbound.sh \
	tests/real/programs/unbound_client.py \
	tests/real/programs/varnish.sh \
	tests/real/programs/x264.sh \
	tests/real/programs/x265.sh \
	tests/real/programs/xz.sh \
	tests/real/programs/zstd.sh
