// The LevelDB database of the store: opens it, repairs it when it is damaged, writes batches, and
// after any failed write lets nothing more be written until it was closed, opened again and proved
// writable. Hands out sequence numbers that grow across restarts whatever the clock does. Owned by
// the writer thread once open.
#pragma once
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>
#include <sara/sara.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "store-embedded/host_face.h"
#include "store-embedded/settings.h"

namespace sara::store_embedded {

inline std::string_view view(const leveldb::Slice& s) { return {s.data(), s.size()}; }

class Database {
  public:
    // env: the file system; tests put a failing one here. Must outlive this.
    Database(const HostFace& host, const Settings& settings, leveldb::Env* env);

    // [control] Opens or makes the database. Empty: fine; otherwise the sentence for the operator.
    [[nodiscard]] std::string open();
    void close() { db_.reset(); }

    // Reads are possible; also while writes are not.
    leveldb::DB* reader() const { return db_.get(); }
    // SARA_OK: batches may be written. Otherwise what the last failure was.
    sara_status state() const { return state_; }

    // A place behind all earlier ones, and behind one that damage kept from this counter; claimed
    // for good by the batch that also carries stageSeqBound().
    uint64_t nextSeq(uint64_t behind) { return last_seq_ = std::max(last_seq_, behind) + 1; }
    // Adds the new bound to a batch when the sequence has reached the old one.
    void stageSeqBound(leveldb::WriteBatch* batch);

    // sync: on the medium before this returns. A failure poisons the database: see tryRecover().
    [[nodiscard]] sara_status write(leveldb::WriteBatch* batch, bool sync);
    // Notes what a read met: SARA_E_IO or SARA_E_CORRUPT; counted and logged.
    sara_status readFailed(const leveldb::Status& status);

    // While state() is not SARA_OK: probes the disk, opens again. True when writes are possible
    // again.
    bool tryRecover();

  private:
    leveldb::Options options() const;
    leveldb::Status openOnce();
    std::string openOrRepair();
    leveldb::Status claimSequence(bool scan);
    // After a repair: the highest seq that is there, and a mark again for every user with a
    // backlog.
    leveldb::Status rebuild(uint64_t* highest);
    leveldb::Status probe();
    void poison(const leveldb::Status& status);
    std::string sentence(const leveldb::Status& status) const;

    const HostFace& host_;
    const Settings& settings_;
    leveldb::Env* const env_;
    const std::string folder_;
    const std::unique_ptr<const leveldb::FilterPolicy> filter_;
    const std::unique_ptr<leveldb::Cache> cache_;
    const std::unique_ptr<leveldb::Logger> diary_;
    std::unique_ptr<leveldb::DB> db_;
    sara_status state_ = SARA_E_CLOSED;
    bool damaged_ = false;      // LevelDB found corruption: repair before the next open
    std::string other_layout_;  // set when the database is not for this version
    uint64_t last_seq_ = 0;
    uint64_t seq_bound_ = 0;         // written: no seq at or above was given out
    uint64_t seq_bound_staged_ = 0;  // in the batch under way
    uint64_t log_again_ms_ = 0;
};

// What a failure of LevelDB means to a caller.
sara_status toStatus(const leveldb::Status& status);

}  // namespace sara::store_embedded
