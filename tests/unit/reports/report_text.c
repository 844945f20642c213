#include "report_text.h"

#include <stdlib.h>

#include "../finding/results_image.h"

char *render_image(const unsigned char *image, report_writer writer,
		   const struct view_options *options)
{
	struct model model;
	struct view *view;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	model_init(&model);
	if (!out || model_read_image(&model, "test", image, IMAGE_BYTES) != 0)
		abort();
	model_finish(&model);
	view = view_make(&model, options);
	if (writer(view, out) != 0)
		abort();
	view_free(view);
	model_free(&model);
	fclose(out);
	return text;
}
