# Golden values of repeated ordered categories: Rscript tests/golden/repeated/ordinal.R > tests/golden/repeated/ordinal.json
# R 4.2.2, MASS 7.3, numDeriv. Estimates are polr's; the variances are worked out here from the shares of each
# category themselves (not of those above a cut), with slopes by numDeriv: another way than the product's.
library(MASS); library(numDeriv)
n <- 36; m <- 3
id <- rep(1:n, each = m); visit <- rep(1:m, n); arm <- ifelse(id %% 2 == 0, 1, 0); base <- (id * 7) %% 11
set.seed(23); mood <- rep(rnorm(n, sd = 1.2), each = m)
y <- findInterval(0.6 * arm * (visit - 1) + 0.1 * base + mood + rlogis(n * m), c(-0.5, 0.8, 2))
keep <- !(visit == 3 & id %% 5 == 0)
d <- data.frame(id, visit = factor(visit), arm, base, y)[keep, ]
fit <- polr(ordered(y) ~ arm * visit + base, d, control = list(reltol = 1e-16, maxit = 1000))
X <- model.matrix(~ arm * visit + base, d)[, -1]; K <- 4; cuts <- K - 1; q <- cuts + ncol(X)
share <- function(b, i) { up <- c(1, plogis(b[1:cuts] + sum(X[i, ] * b[-(1:cuts)])), 0); up[-(K + 1)] - up[-1] }
b <- c(-fit$zeta, coef(fit))  # polished by Newton's steps, so that the score is nought
score <- function(b) Reduce(`+`, lapply(seq_len(nrow(d)), function(i) { J <- jacobian(share, b, i = i); drop(t(J) %*% ((seq_len(K) - 1 == d$y[i]) / share(b, i))) }))
info <- function(b) Reduce(`+`, lapply(seq_len(nrow(d)), function(i) { J <- jacobian(share, b, i = i); t(J) %*% (J / share(b, i)) }))
for (k in 1:6) b <- b + drop(solve(info(b), score(b)))
Q <- solve(info(b)); M <- list(none = 0, kauermann_carroll = 0, mancl_derouen = 0)
for (g in unique(d$id)) {
  w <- which(d$id == g)
  D <- do.call(rbind, lapply(w, function(i) jacobian(share, b, i = i)[-K, ]))
  V <- matrix(0, nrow(D), nrow(D)); r <- NULL
  for (k in seq_along(w)) { p <- share(b, w[k])[-K]; at <- (k - 1) * cuts + 1:cuts; V[at, at] <- diag(p) - outer(p, p); r <- c(r, (1:cuts - 1 == d$y[w[k]]) - p) }
  Vi <- solve(V); A <- diag(nrow(D)) - D %*% Q %*% t(D) %*% Vi; e <- eigen(A)
  half <- Re(e$vectors %*% diag(e$values^-0.5) %*% solve(e$vectors))
  for (c in names(M)) { u <- t(D) %*% Vi %*% switch(c, none = r, kauermann_carroll = half %*% r, mancl_derouen = solve(A, r)); M[[c]] <- M[[c]] + u %*% t(u) }
}
num <- function(x) paste0("[", paste(format(x, digits = 12, scientific = FALSE, trim = TRUE), collapse = ", "), "]")
cat("{\n\"frame\": {\"id\": ", num(d$id), ", \"visit\": ", num(as.integer(d$visit)), ", \"arm\": ", num(d$arm), ", \"base\": ", num(d$base), ", \"y\": ", num(d$y), "},\n", sep = "")
cat("\"polr\": ", num(coef(fit)), ",\n\"beta\": ", num(b), paste0(",\n\"", names(M), "\": ", sapply(M, function(x) num(sqrt(diag(Q %*% x %*% Q)))), collapse = ""), "\n}\n", sep = "")
