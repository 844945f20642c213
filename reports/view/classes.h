/* Classes of locks by names that are the same in every process. */
#ifndef REPORTS_VIEW_CLASSES_H
#define REPORTS_VIEW_CLASSES_H

#include "reports/words/view.h"

/* "libbank.so bank.c:lock", "libbank.so mutex of open_account"; NULL if it has none. */
const char *lock_class_name(struct view *view, const struct model_process *process, lock_id id);

#endif
