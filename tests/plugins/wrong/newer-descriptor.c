/* Its manifest is modest, its descriptor is not. */
#define WRONG_NAME "newer-descriptor"
#define WRONG_MINOR_REQUIRED 7
#include "wrong.h"
