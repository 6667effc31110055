// Objects of S3 as files: listed, fetched ahead, read in order.
#include "tools/scan/s3_trail.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <functional>

#include "tests/support/fake_aws.h"

namespace straykey {
namespace {

// A bucket of numbered objects, in pages of two.
struct Site {
  explicit Site(int objects)
      : server([this, objects](const FakeAws::Request& request) { return answer(request, objects); }) {
    S3Trail::Settings settings;
    settings.place = {.region = "eu-central-1", .endpoint = server.origin()};
    trail = std::move(S3Trail::open(settings, {[](const char* name) -> const char* {
                                                 return std::string_view(name).ends_with("KEY_ID") ||
                                                                std::string_view(name).ends_with("ACCESS_KEY")
                                                            ? "key"
                                                            : nullptr;
                                               },
                                               [] { return Seconds{1'796'000'000}; }, nullptr}))
                .value();
  }

  FakeAws::Reply answer(const FakeAws::Request& request, int objects) {
    if (request.target.find("list-type") == std::string::npos) {
      ++gets;
      const std::string number = request.target.substr(request.target.rfind('/') + 1);
      return number == "3" ? FakeAws::reply(404, "<Error><Code>NoSuchKey</Code></Error>")
                           : FakeAws::reply(200, "object " + number);
    }
    const std::size_t token = request.target.find("continuation-token=");
    const int from = token == std::string::npos ? 0 : std::stoi(request.target.substr(token + 19));
    std::string page = "<ListBucketResult>";
    for (int i = from; i < std::min(from + 2, objects); ++i)
      page += fmt::format("<Contents><Key>a/{}</Key><Size>8</Size></Contents>", i);
    page +=
        "<Contents><Key>a/CloudTrail-Digest/x</Key><Size>8</Size></Contents><Contents><Key>a/</Key><Size>0</Size></"
        "Contents>";
    if (from + 2 < objects)
      page += fmt::format("<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>", from + 2);
    return FakeAws::reply(200, page + "</ListBucketResult>");
  }

  std::atomic<int> gets = 0;
  FakeAws server;
  std::unique_ptr<S3Trail> trail;
};

}  // namespace

TEST_CASE("objects are listed page by page and read in their order; one that is gone is named") {
  Site site(6);
  FoundFiles found;
  REQUIRE(site.trail->list({"s3://trail/a/", "s3://trail/a/"}, found).ok());
  REQUIRE_EQ(found.files.size(), 6);
  CHECK_EQ(found.files[0].path, "s3://trail/a/0");
  CHECK_EQ(found.files[0].bytes, 8);
  CHECK_EQ(found.skipped.front().reason, "a CloudTrail digest");
  site.trail->expect(found.files);
  for (int pass = 0; pass < 2; ++pass)  // as blocks of a backfill do
    for (int i = 0; i < 6; ++i) {
      std::string text;
      const Status status = site.trail->read(found.files[static_cast<std::size_t>(i)],
                                             [&](std::string bytes) { text = std::move(bytes); });
      CHECK_EQ(status.ok(), i != 3);
      if (status.ok()) CHECK_EQ(text, fmt::format("object {}", i));
    }
}

// What a listing says of a store that answers every page so; `page` gets the number of the page.
std::string end_of_listing(const std::function<std::string(int page)>& page, int& pages) {
  FakeAws server([&](const FakeAws::Request&) {
    return FakeAws::reply(200,
                          "<ListBucketResult><IsTruncated>true</IsTruncated>" + page(pages++) + "</ListBucketResult>");
  });
  S3Trail::Settings settings;
  settings.place = {.region = "eu-central-1", .endpoint = server.origin()};
  const auto trail =
      std::move(S3Trail::open(settings, {[](const char* name) -> const char* {
                                           const std::string_view text = name;
                                           return text.ends_with("KEY_ID") || text.ends_with("ACCESS_KEY") ? "key"
                                                                                                           : nullptr;
                                         },
                                         [] { return Seconds{1'796'000'000}; }, nullptr}))
          .value();
  FoundFiles found;
  const Status status = trail->list({"s3://trail/a/"}, found);
  return status.ok() ? std::string() : status.error().message;
}

TEST_CASE("a store whose listing would never end is left: tokens in turns, or new ones without new names") {
  int pages = 0;
  const auto token = [](int number) {
    return fmt::format("<NextContinuationToken>t{}</NextContinuationToken>", number);
  };
  const auto key = [](int number) { return fmt::format("<Contents><Key>a/{}</Key><Size>8</Size></Contents>", number); };
  CHECK(end_of_listing([&](int page) { return key(page) + token(page % 2); }, pages)
            .find("came back to a continuation token") != std::string::npos);
  CHECK_EQ(pages, 3);
  pages = 0;
  CHECK(end_of_listing([&](int page) { return token(page); }, pages).find("100 pages without a new name") !=
        std::string::npos);
  CHECK_EQ(pages, 100);
  pages = 0;
  CHECK(end_of_listing([&](int page) { return key(7) + token(page); }, pages).find("100 pages without a new name") !=
        std::string::npos);
  CHECK_EQ(pages, 101);
}

TEST_CASE("what is no bucket's URL is an error, and so is a bucket that may not be listed") {
  Site site(1);
  FoundFiles found;
  CHECK(site.trail->list({"s3:///a"}, found).error().message.find("it must be s3://bucket") != std::string::npos);
  FakeAws denying(
      [](const FakeAws::Request&) { return FakeAws::reply(403, "<Error><Code>AccessDenied</Code></Error>"); });
  S3Trail::Settings settings;
  settings.place = {.region = "eu-central-1", .endpoint = denying.origin()};
  auto trail =
      S3Trail::open(settings, {[](const char*) { return "key"; }, [] { return Seconds{1'796'000'000}; }, nullptr});
  REQUIRE(trail.ok());
  CHECK(trail.value()->list({"s3://trail/a"}, found).error().message.find("s3:ListBucket") != std::string::npos);
}

}  // namespace straykey
