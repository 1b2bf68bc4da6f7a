/* Its manifest asks for a newer minor than this server has. */
#define WRONG_NAME "newer-minor"
#define WRONG_ABI "1.7"
#include "wrong.h"
