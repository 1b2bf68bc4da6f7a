/* Its manifest lacks a member that every manifest has. */
#define WRONG_NAME "manifest-no-version"
#define WRONG_MANIFEST "{\"id\": \"org.wrong.manifest-no-version\", \"abi\": \"1.0\"}"
#include "wrong.h"
