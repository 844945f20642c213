/*
 * Names of functions, variables and types as people write them.
 *
 * Names from symbols and debug information spell out what nobody wrote: default template
 * arguments, inline namespaces, the types of parameters.  A short name leaves these out:
 *
 *   std::vector<std::__cxx11::basic_string<char, std::char_traits<char>,
 *     std::allocator<char> >, std::allocator<...> >::push_back(...)
 *   std::vector<std::string>::push_back
 *
 *   main::{lambda(int)#1}::operator()(int) const::guard   main::lambda#1::guard
 *   void std::__invoke<Job&>(Job&)                         std::__invoke<Job&>
 *
 * Template arguments that are long even so become "...".
 */
#ifndef REPORTS_SYMBOLS_SHORT_NAME_H
#define REPORTS_SYMBOLS_SHORT_NAME_H

#include "reports/model/pool.h"

/* @name itself if nothing is left out. */
const char *short_name(struct pool *pool, const char *name);

/* A short name without the arguments of templates: "Cache<...>::get"; @name itself if it
 * has none. */
const char *short_name_outline(struct pool *pool, const char *name);

#endif
