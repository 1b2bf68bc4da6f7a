// What happens to a database that LevelDB calls corrupt: its files are put aside as they are (hard
// links, so it costs no space and loses no evidence), then it is repaired in place. Refuses when
// too many such copies lie there already, because then the disk itself is the problem.
#pragma once
#include <leveldb/options.h>

#include <string>

namespace sara::store_embedded {

inline constexpr int kDamagedCopiesMax = 8;

// True when folder holds files of a database but not the one that names the current state: LevelDB
// would start a new database there and delete the rest.
bool lostItsHead(const std::string& folder);

// Puts the files of folder aside and repairs it. Empty: done, *copy names the folder with the
// evidence. Otherwise the sentence for the operator.
[[nodiscard]] std::string repairDatabase(const std::string& folder, const leveldb::Options& options,
                                         std::string* copy);

}  // namespace sara::store_embedded
