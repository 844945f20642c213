/*
 * Programs that processes executed or spawned.  One that wrote no PROCESS record was
 * not observed: it could not open the results file, or was run without the library.
 */
#ifndef REPORTS_MODEL_EXECUTIONS_H
#define REPORTS_MODEL_EXECUTIONS_H

#include "reports/model/model.h"

/* Adds the unobserved programs of file @file, all of whose records are read. */
void executions_check(struct model *model, uint32_t file);

#endif
