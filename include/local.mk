# The header for programs that are watched.

include_HEADERS = include/snarl.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = include/snarl.pc
