#include "reports/types/containers.h"

#include <string.h>

#include "base/strings.h"
#include "base/types.h"

static const struct {
	const char *class_prefix;
	const char *family;
	const char *words; /* NULL: the class's own name */
} containers[] = {
#define CONTAINER(class_prefix, family, words) {class_prefix, #family, words},
#include "reports/types/containers.def"
};

static const struct {
	const char *family;
	const char *member;
	const char *words;
} members[] = {
#define MEMBER(family, member, words) {#family, member, words},
#include "reports/types/containers.def"
};

static const char *words_of(const char *family, const char *member)
{
	for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
		if (strcmp(members[i].family, family) == 0 &&
		    strcmp(members[i].member, member) == 0)
			return members[i].words;
	}
	return NULL;
}

struct container_member container_member(struct pool *pool, const char *class_name,
					 const char *member)
{
	size_t i = 0;

	while (class_name && i < ARRAY_LENGTH(containers) &&
	       !string_has_prefix(class_name, containers[i].class_prefix))
		i++;
	if (!class_name || i == ARRAY_LENGTH(containers))
		return (struct container_member){NULL, NULL};
	return (struct container_member){
		.container = containers[i].words ? containers[i].words
						 : pool_format(pool, "std::%s", class_name),
		.words = words_of(containers[i].family, member),
	};
}
