/* Its descriptor ends before destroy. */
#define WRONG_NAME "short-descriptor"
#define WRONG_SIZE 64
#include "wrong.h"
