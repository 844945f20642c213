/*
 * Programs that processes became, or started: those that never recorded
 * themselves were not observed (they could not reach the results file, or the
 * library was kept out of them).
 */
#ifndef REPORTS_MODEL_EXECUTIONS_H
#define REPORTS_MODEL_EXECUTIONS_H

#include "reports/model/model.h"

/* Once all records of file @file are read: adds to the unobserved children. */
void executions_judge(struct model *model, uint32_t file);

#endif
