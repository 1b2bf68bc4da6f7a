// The notices on disk: a LevelDB database of its own under the datadir, one row per notice. Decides
// the format of a row and what happens to a damaged database (repaired; what cannot be repaired is
// put aside, never deleted). Owned by the outbox's thread.
#pragma once
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <sara/result.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sara::auth_callback {

struct StoredNotice {
    uint64_t seq = 0;
    uint64_t created_ms = 0;  // since 1970
    std::string recipient;
    std::string body;  // JSON, with its sn
};

class OutboxStore {
  public:
    // [control] Makes and opens datadir/outbox. Empty: fine; otherwise the sentence for the
    // operator. *remark gets one line when damage was met.
    [[nodiscard]] std::string open(const std::string& datadir, std::string* remark);
    // [control] The same after each() has failed.
    [[nodiscard]] std::string repair(std::string* remark);
    // Every notice that waits, in order. False: the disk failed; what came before was given.
    [[nodiscard]] bool each(const std::function<void(const StoredNotice&)>& f);
    // On the medium when this returns true. After a failure the next call opens the database anew.
    [[nodiscard]] bool put(const std::vector<StoredNotice>& notices);
    // kNotFound: the row is gone or damaged, and stays so. kIo: the disk failed.
    Status body(uint64_t seq, std::string* body);
    // Not synced: a notice that comes back after a power cut is sent twice.
    [[nodiscard]] bool erase(const std::vector<uint64_t>& seqs);
    const std::string& error() const { return error_; }

  private:
    leveldb::Status openOnce();
    bool good(const leveldb::Status& status);
    bool usable();

    std::string folder_;
    std::unique_ptr<leveldb::DB> db_;
    std::string error_;
    bool failed_ = false;  // a write failed: what the database believes is not what the disk has
};

}  // namespace sara::auth_callback
