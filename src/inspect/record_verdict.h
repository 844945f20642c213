/* A verdict as the record of a finding. */
#ifndef INSPECT_RECORD_VERDICT_H
#define INSPECT_RECORD_VERDICT_H

#include "inspect/recorder.h"

/* @recorders: one for each look; @id: of the finding. */
void record_verdict(struct recorder *recorders, const struct verdict *verdict, uint32_t id);

#endif
