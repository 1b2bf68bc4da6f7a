/* A second store beside another one. */
#define WRONG_NAME "store-a"
#define WRONG_MORE ", \"provides\": [\"sara.store/1\"]"
#include "wrong.h"
