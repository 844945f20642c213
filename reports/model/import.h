/*
 * Findings with events of several processes.
 *
 * An event of another process has ids of that process.  Its threads, locks and
 * stacks are copied into the process of the finding, under new ids, so that the
 * writers of reports need not care; a copied row keeps its 'home'.  A lock that
 * both processes share is not copied.
 */
#ifndef REPORTS_MODEL_IMPORT_H
#define REPORTS_MODEL_IMPORT_H

#include "reports/model/model.h"

/* For all findings of @model, whose tables are sorted. */
void model_import(struct model *model);

#endif
