/* Its descriptor and its manifest disagree about who it is. */
#define WRONG_NAME "other-id"
#define WRONG_ID "org.wrong.somebody-else"
#include "wrong.h"
