/* What was seen of a target, as records of a results file. */
#ifndef INSPECT_RECORD_H
#define INSPECT_RECORD_H

#include "inspect/waits/verdict.h"

void record_inspection(void *image, struct inspection *inspection);

#endif
