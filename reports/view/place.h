/* Where a finding is, for formats that name one place of it, and how they name files. */
#ifndef REPORTS_VIEW_PLACE_H
#define REPORTS_VIEW_PLACE_H

#include "reports/words/view.h"

/* In the program's own code, with a file and a line if there is one; NULL if unknown. */
const struct source_frame *place_of(struct view *view, const struct view_finding *finding);

/* The path of its file, relative to the working folder if it is in there, else absolute;
 * NULL if unknown. */
const char *place_path(struct view *view, const struct source_frame *frame);

/* "src/bank.c:12", by such a path; "prog+0x11c0" where no line is known; NULL without a place. */
const char *place_words(struct view *view, const struct source_frame *frame);

/* The folder that frames of stacks are shown relative to: the working folder if a finding's
 * place is in there, else the one that the places of all findings have in common; NULL if
 * there is none. */
const char *place_root(struct view *view);

/* The working folder, with a slash at its end; "" if unknown. */
const char *place_folder(struct view *view);

#endif
