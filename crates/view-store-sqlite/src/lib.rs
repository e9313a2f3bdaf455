//! view-store-sqlite
