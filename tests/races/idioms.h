/* A macro of a header that has the name of a member of another structure. */
#ifndef IDIOMS_H
#define IDIOMS_H

struct level_meter {
	int level;
};

static struct level_meter level_meters[2];
static int hidden_level;

static inline int level_of(int index)
{
	return level_meters[index].level;
}

#define level __atomic_load_n(&hidden_level, __ATOMIC_RELAXED)

#endif
