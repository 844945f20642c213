/*
 * Findings that speak of several processes.
 *
 * The events of another process name its threads, locks and stacks.  They are
 * taken over into the process that has the finding, under new ids, so that all
 * that render it need not care; what is taken over knows its home.  A lock that
 * both processes use becomes the one that is there already.
 */
#ifndef REPORTS_MODEL_IMPORT_H
#define REPORTS_MODEL_IMPORT_H

#include "reports/model/model.h"

/* For all findings of @model, whose tables are sorted. */
void model_import(struct model *model);

#endif
