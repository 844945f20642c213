src_libcore_a_SOURCES += \
	%D%/arch/arch.h %D%/arch/x86_64.h \
	%D%/arena.c %D%/arena.h \
	%D%/atomic.h \
	%D%/bytes.h \
	%D%/growing.h \
	%D%/hash.h \
	%D%/id_table.h \
	%D%/intern.c %D%/intern.h \
	%D%/kernel.h \
	%D%/map.c %D%/map.h \
	%D%/runtime_lock.c %D%/runtime_lock.h \
	%D%/shadow_place.h \
	%D%/spin_lock.c %D%/spin_lock.h \
	%D%/strings.h \
	%D%/types.h
