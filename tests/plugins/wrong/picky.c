/* Right, but particular about its configuration. */
#define WRONG_NAME "picky"
#define WRONG_MORE                                                                             \
    ", \"config\": {\"retries\": {\"type\": \"integer\", \"default\": 3, \"minimum\": 1, "     \
    "\"maximum\": 9},"                                                                         \
    "\"mode\": {\"type\": \"string\", \"enum\": [\"soft\", \"hard\"], \"default\": \"soft\"}," \
    "\"password\": {\"type\": \"string\", \"secret\": true, \"enum\": [\"swordfish\"]},"       \
    "\"room\": {\"type\": \"string\", \"default\": \"lobby\"}}, \"legacy\": {\"dc\": \"room\"}"
#include "wrong.h"
