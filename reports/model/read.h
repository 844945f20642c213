/* Decoding of one record into the model; for model.c only. */
#ifndef REPORTS_MODEL_READ_H
#define REPORTS_MODEL_READ_H

#include "reports/model/model.h"

/* The process of @index in file @file, made if it is new. */
struct model_process *model_process(struct model *model, uint32_t file, uint32_t index);

/* False if the payload does not fit the record's type. */
bool model_read_record(struct model *model, uint32_t file, const struct record_header *record,
		       uint64_t offset);

/* After the last record of @file: what its threads are blocked on now. */
void model_read_slots(struct model *model, uint32_t file);

#endif
