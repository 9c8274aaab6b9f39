# Golden values of ordered categories with one odds ratio for every two visits and cuts, in the rows of ordinal.json:
# Rscript tests/golden/repeated/ordinal_exchangeable.R > tests/golden/repeated/ordinal_exchangeable.json
# R 4.2.2, numDeriv, jsonlite. Worked out from the categories themselves: the chance that two visits lie above two cuts is
# the root (uniroot) of the odds ratio, that of two categories its difference; slopes of shares by numDeriv, person by person.
library(numDeriv); library(jsonlite)
d <- as.data.frame(fromJSON("tests/golden/repeated/ordinal.json")$frame); d$visit <- factor(d$visit)
X <- model.matrix(~ arm * visit + base, d)[, -1]; K <- 4; cuts <- K - 1; q <- cuts + ncol(X)
share <- function(b, i) { up <- c(1, plogis(b[1:cuts] + sum(X[i, ] * b[-(1:cuts)])), 0); up[-(K + 1)] - up[-1] }
both <- function(a, b, alpha) {
  if (a >= 1) return(b); if (b >= 1) return(a); if (a <= 0 || b <= 0) return(0)
  uniroot(function(p) log(p) + log(1 - a - b + p) - log(a - p) - log(b - p) - alpha, c(max(0, a + b - 1) + 1e-13, min(a, b) - 1e-13), tol = 1e-15)$root
}
above <- function(b, i) c(1, plogis(b[1:cuts] + sum(X[i, ] * b[-(1:cuts)])), 0)
cells <- function(b, i, j, alpha) {  # chances of each category at i with each at j
  u <- above(b, i); v <- above(b, j)
  up <- outer(seq_along(u), seq_along(v), Vectorize(function(s, t) both(u[s], v[t], alpha)))
  up[-(K + 1), -(K + 1)] - up[-1, -(K + 1)] - up[-(K + 1), -1] + up[-1, -1]
}
person <- split(seq_len(nrow(d)), d$id)
parts <- function(b, alpha) lapply(person, function(w) {
  D <- do.call(rbind, lapply(w, function(i) jacobian(share, b, i = i)[-K, ]))
  V <- matrix(0, nrow(D), nrow(D)); r <- NULL
  for (k in seq_along(w)) {
    p <- share(b, w[k])[-K]; at <- (k - 1) * cuts + 1:cuts; V[at, at] <- diag(p) - outer(p, p)
    r <- c(r, (1:cuts - 1 == d$y[w[k]]) - p)
    for (l in seq_along(w)) if (l != k) {
      to <- (l - 1) * cuts + 1:cuts; o <- share(b, w[l])[-K]
      V[at, to] <- cells(b, w[k], w[l], alpha)[-K, -K] - outer(p, o)
    }
  }
  list(D = D, Vi = solve(V), r = r)
})
second <- function(b, alpha) sum(unlist(lapply(person, function(w) if (length(w) < 2) 0 else combn(w, 2, function(z) {
  u <- above(b, z[1])[2:K]; v <- above(b, z[2])[2:K]; s <- 0
  for (j in 1:cuts) for (k in 1:cuts) {
    p <- both(u[j], v[k], alpha); slope <- 1 / sum(1 / c(p, u[j] - p, v[k] - p, 1 - u[j] - v[k] + p))
    s <- s + slope * ((d$y[z[1]] >= j) * (d$y[z[2]] >= k) - p) / (p * (1 - p))
  }
  s
}))))
b <- fromJSON("tests/golden/repeated/ordinal.json")$beta; alpha <- 0
for (step in 1:30) {
  alpha <- uniroot(function(x) second(b, x), c(-1, 6), tol = 1e-12)$root
  own <- parts(b, alpha)
  H <- Reduce(`+`, lapply(own, function(o) t(o$D) %*% o$Vi %*% o$D)); g <- Reduce(`+`, lapply(own, function(o) t(o$D) %*% o$Vi %*% o$r))
  move <- drop(solve(H, g)); b <- b + move
  if (max(abs(move)) < 1e-10) break
}
own <- parts(b, alpha); Q <- solve(Reduce(`+`, lapply(own, function(o) t(o$D) %*% o$Vi %*% o$D)))
M <- list(none = 0, mancl_derouen = 0)
for (o in own) {
  A <- diag(nrow(o$D)) - o$D %*% Q %*% t(o$D) %*% o$Vi
  for (c in names(M)) { u <- t(o$D) %*% o$Vi %*% switch(c, none = o$r, mancl_derouen = solve(A, o$r)); M[[c]] <- M[[c]] + u %*% t(u) }
}
num <- function(x) paste0("[", paste(format(x, digits = 12, scientific = FALSE, trim = TRUE), collapse = ", "), "]")
cat("{\n\"odds_ratio\": ", format(exp(alpha), digits = 12), ",\n\"beta\": ", num(b), paste0(",\n\"", names(M), "\": ", sapply(M, function(x) num(sqrt(diag(Q %*% x %*% Q)))), collapse = ""), "\n}\n", sep = "")
