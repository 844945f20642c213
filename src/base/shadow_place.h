/*
 * Where the shadow words of a piece of memory lie: what the checks in clones (x86/emit),
 * the thunks that these call and the race engine (detect/shadow/shadow.h) agree upon.
 *
 * The address of a granule with the plane's bit flipped is that of its word there.
 */
#ifndef BASE_SHADOW_PLACE_H
#define BASE_SHADOW_PLACE_H

#define SHADOW_GRANULE 8u

#define SHADOW_WRITE_BIT 46
#define SHADOW_READ_BIT 45

#endif
