/*
 * Names of static data by debug information: "bank.c:accounts[0].lock".
 *
 * The index of a file's variables is built at the first question.
 */
#ifndef REPORTS_VARIABLES_H
#define REPORTS_VARIABLES_H

#include "reports/elf_image.h"

/* The variable, element and field at @address of the file, or NULL. */
const char *variable_name(struct pool *pool, struct elf_image *image, uint64_t address);

#endif
