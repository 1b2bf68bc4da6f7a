/* Its manifest ends too early. */
#define WRONG_NAME "manifest-no-json"
#define WRONG_MANIFEST "{\"id\": \"org.wrong.manifest-no-json\", "
#include "wrong.h"
