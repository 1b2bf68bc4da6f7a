/* Has the entry function, but no manifest section. */
#define WRONG_NAME "no-manifest"
#define WRONG_WITHOUT_MANIFEST
#include "wrong.h"
