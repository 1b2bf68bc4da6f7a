#include "block_book.h"

#include <algorithm>

namespace sara::blacklist {
namespace {

// The list with the change made; the same one when there was nothing to do.
BlockListPtr changed(const BlockListPtr& before, const BlockChange& change) {
    const bool there = before != nullptr && before->has(change.blocked);
    if (there == change.add) return before;
    auto after = before ? std::make_shared<BlockList>(*before) : std::make_shared<BlockList>();
    after->owner = std::string(change.owner);
    auto& jids = after->blocked;
    const auto at = std::lower_bound(jids.begin(), jids.end(), change.blocked);
    if (change.add) {
        jids.insert(at, std::string(change.blocked));
    } else {
        jids.erase(at);
    }
    return after;
}

}  // namespace

Result<BlockFile::Loaded> BlockBook::load() {
    const std::lock_guard lock(mutex_);
    // Sets while reading: a list that grows line by line would be copied for each of them.
    std::map<std::string, std::vector<std::string>, std::less<>> read;
    auto loaded = file_.load([&](const BlockChange& change) {
        auto& jids = read[std::string(change.owner)];
        const auto at = std::lower_bound(jids.begin(), jids.end(), change.blocked);
        const bool there = at != jids.end() && *at == change.blocked;
        if (change.add && !there) jids.insert(at, std::string(change.blocked));
        if (!change.add && there) jids.erase(at);
    });
    if (!loaded) return loaded;
    for (auto& [owner, jids] : read) {
        if (jids.empty()) continue;
        entries_ += jids.size();
        lists_[owner] = std::make_shared<BlockList>(BlockList{owner, std::move(jids)});
    }
    return loaded;
}

Result<void> BlockBook::change(const BlockChange& change,
                               const std::function<bool(BlockListPtr)>& publish) {
    const std::lock_guard lock(mutex_);
    const auto at = lists_.find(change.owner);
    const BlockListPtr before = at == lists_.end() ? nullptr : at->second;
    if (change.add) {
        if (before == nullptr && lists_.size() >= limits_.blocking_users_max) {
            return Error{Status::kFull, "too_many_users"};
        }
        if (before != nullptr && !before->has(change.blocked) &&
            before->blocked.size() >= limits_.blocked_per_user_max) {
            return Error{Status::kFull, "list_full"};
        }
    }
    const BlockListPtr after = changed(before, change);
    // Said twice: nothing to write, but a loop that could not be told the first time hears it now.
    if (after == before) {
        if (after != nullptr && !publish(after)) return Error{Status::kAgain, "busy"};
        return {};
    }
    if (Result<void> written = write(change); !written) return written;
    entries_ += change.add ? 1 : 0;
    entries_ -= change.add ? 0 : 1;
    if (after->blocked.empty()) {
        lists_.erase(at);
    } else {
        lists_[after->owner] = after;
    }
    if (!publish(after)) return Error{Status::kAgain, "busy"};
    return {};
}

Result<void> BlockBook::write(const BlockChange& change) {
    if (file_.inDoubt() || file_.lines() > 2 * entries_ + kSpareLines) {
        if (Result<void> fresh = rewrite(); !fresh) return fresh;
    }
    return file_.append(change);
}

Result<void> BlockBook::rewrite() {
    return file_.rewrite([this](const std::function<void(const BlockChange&)>& put) {
        for (const auto& [owner, list] : lists_) {
            for (const std::string& jid : list->blocked) put({true, owner, jid});
        }
    });
}

}  // namespace sara::blacklist
