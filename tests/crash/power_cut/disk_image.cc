#include "tests/crash/power_cut/disk_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/base/invariant.h"

namespace straykey {
namespace {

// How much of what was not synced is there: nothing, all, or about that share of its sectors or writes.
constexpr std::array kShares{0.0, 0.1, 0.5, 0.5, 0.9, 1.0};

std::pair<std::string_view, std::string_view> split(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

bool drawn(double share, std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(0.0, 1.0)(random) < share;
}

}  // namespace

DiskImage::DiskImage() : root_(std::make_shared<Node>()) {
  root_->is_directory = true;
}

void DiskImage::replay(const DiskEntry& entry) {
  switch (entry.op) {
    case DiskOp::open:
      open(entry);
      break;
    case DiskOp::make_directory: {
      auto node = std::make_shared<Node>();
      node->is_directory = true;
      change_name(entry.bytes, {}, std::move(node));
      break;
    }
    case DiskOp::rename:
      rename(entry);
      break;
    case DiskOp::unlink:
      change_name(entry.bytes, std::string(split(entry.bytes).second), nullptr);
      break;
    case DiskOp::write:
      files_.at(entry.file).node->changes.push_back({entry_, entry.offset, entry.bytes});
      writing_[entry_] = files_.at(entry.file).node;
      break;
    case DiskOp::written:
      returned(entry);
      break;
    case DiskOp::truncate:
      files_.at(entry.file).node->changes.push_back({entry_, entry.offset, {}, true, true});
      break;
    case DiskOp::sync_begin: {
      Sync sync{files_.at(entry.file).node, {}, 0};
      for (const Change& change : sync.node->changes)
        if (change.returned) sync.changes.push_back(change.entry);
      sync.name_changes = sync.node->name_changes.size();
      syncing_.emplace(entry_, std::move(sync));
      break;
    }
    case DiskOp::sync_end:
      sync_end(entry);
      break;
    case DiskOp::mark:
      break;
  }
  ++entry_;
}

std::shared_ptr<DiskImage::Node> DiskImage::find(std::string_view path) const {
  std::shared_ptr<Node> node = root_;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const auto at = node->names.find(std::string(path.substr(0, slash)));
    if (at == node->names.end()) return nullptr;
    node = at->second;
    path.remove_prefix(std::min(path.size(), slash + 1));
  }
  return node;
}

void DiskImage::change_name(std::string_view path, const std::string& erased, std::shared_ptr<Node> node) {
  const auto [directory, name] = split(path);
  const std::shared_ptr<Node> parent = find(directory);
  INVARIANT(parent != nullptr);
  NameChange change{erased, node ? std::string(name) : std::string(), node};
  if (!erased.empty()) parent->names.erase(erased);
  if (node) parent->names[change.put] = std::move(node);
  parent->name_changes.push_back(std::move(change));
}

void DiskImage::open(const DiskEntry& entry) {
  std::shared_ptr<Node> node = find(entry.bytes);
  if (node == nullptr) {
    INVARIANT((entry.offset & kOpenCreated) != 0);
    node = std::make_shared<Node>();
    change_name(entry.bytes, {}, node);
  } else if ((entry.offset & kOpenTruncated) != 0) {
    node->changes.push_back({entry_, 0, {}, true, true});
  }
  files_[entry.file] = {node, (entry.offset & kOpenSynchronous) != 0};
}

// Within one directory only: nothing here moves files between directories.
void DiskImage::rename(const DiskEntry& entry) {
  const std::string_view from = entry.bytes.substr(0, entry.bytes.find('\0'));
  const std::string_view to = entry.bytes.substr(from.size() + 1);
  const std::shared_ptr<Node> node = find(from);
  INVARIANT(node != nullptr && split(from).first == split(to).first);
  change_name(to, std::string(split(from).second), node);
}

// A write to a file opened with O_DSYNC is on the disk when it returns, with what lies on the same page.
void DiskImage::returned(const DiskEntry& entry) {
  const auto at = writing_.find(entry.offset);
  if (at == writing_.end()) return;
  const std::shared_ptr<Node> node = at->second.lock();
  writing_.erase(at);
  if (node == nullptr) return;
  const auto change = std::find_if(node->changes.begin(), node->changes.end(),
                                   [&](const Change& c) { return c.entry == entry.offset; });
  if (change == node->changes.end()) return;
  change->returned = true;
  if (!files_.at(entry.file).synchronous) return;
  const Change done = *change;
  std::erase_if(node->changes, [&](const Change& c) {
    const bool same_page = !c.truncates && c.entry <= done.entry && c.offset / 4096 == done.offset / 4096;
    if (same_page) apply(node->synced, c);
    return same_page;
  });
}

void DiskImage::sync_end(const DiskEntry& entry) {
  const auto at = syncing_.find(entry.offset);
  if (at == syncing_.end()) return;
  const Sync sync = std::move(at->second);
  syncing_.erase(at);
  Node& node = *sync.node;
  std::erase_if(node.changes, [&](const Change& change) {
    if (std::find(sync.changes.begin(), sync.changes.end(), change.entry) == sync.changes.end()) return false;
    apply(node.synced, change);
    return true;
  });
  const std::size_t names = std::min(sync.name_changes, node.name_changes.size());
  for (std::size_t i = 0; i < names; ++i) {
    const NameChange& change = node.name_changes[i];
    if (!change.erased.empty()) node.synced_names.erase(change.erased);
    if (change.node) node.synced_names[change.put] = change.node;
  }
  node.name_changes.erase(node.name_changes.begin(), node.name_changes.begin() + static_cast<std::ptrdiff_t>(names));
}

void DiskImage::apply(std::string& content, const Change& change) {
  if (change.truncates) {
    content.resize(change.offset);
    return;
  }
  if (content.size() < change.offset + change.bytes.size()) content.resize(change.offset + change.bytes.size());
  content.replace(change.offset, change.bytes.size(), change.bytes);
}

void DiskImage::write(const std::string& directory, std::mt19937_64& random) const {
  std::filesystem::remove_all(directory);
  const double share = kShares[random() % kShares.size()];
  write_node(*root_, directory, share, random);
}

void DiskImage::write_node(const Node& node, const std::string& path, double share, std::mt19937_64& random) {
  if (!node.is_directory) return write_file(node, path, share, random);
  INVARIANT(::mkdir(path.c_str(), 0700) == 0);
  auto names = node.synced_names;
  for (const NameChange& change : node.name_changes) {
    if (!drawn(share, random)) continue;
    if (!change.erased.empty()) names.erase(change.erased);
    if (change.node) names[change.put] = change.node;
  }
  for (const auto& [name, child] : names) write_node(*child, path + '/' + name, share, random);
}

void DiskImage::write_file(const Node& node, const std::string& path, double share, std::mt19937_64& random) {
  const bool torn = random() % 2 == 0;
  std::string content;
  const std::string* whole = &node.synced;
  if (!node.changes.empty()) {
    content = node.synced;
    for (const Change& change : node.changes) {
      if (change.truncates || !torn) {
        if (drawn(share, random)) apply(content, change);
        continue;
      }
      for (std::size_t at = 0; at < change.bytes.size();) {  // sectors are counted from the start of the disk's file
        const std::size_t size = std::min(change.bytes.size() - at, kSectorBytes - (change.offset + at) % kSectorBytes);
        if (drawn(share, random)) apply(content, {change.entry, change.offset + at, change.bytes.substr(at, size)});
        at += size;
      }
    }
    whole = &content;
  }
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  INVARIANT(file >= 0);
  INVARIANT(::write(file, whole->data(), whole->size()) == static_cast<ssize_t>(whole->size()));
  ::close(file);
}

}  // namespace straykey
