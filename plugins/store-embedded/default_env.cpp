// The machine's own file system under the database; tests link another file in place of this one.
#include "store-embedded/plugin.h"

namespace sara::store_embedded {

leveldb::Env* databaseEnv() { return leveldb::Env::Default(); }

}  // namespace sara::store_embedded
