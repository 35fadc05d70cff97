import { lazy } from "react";
import { createBrowserRouter, Navigate } from "react-router";
import { RestaurantPage } from "./reviews/RestaurantPage";
import { RestaurantsPage } from "./reviews/RestaurantsPage";
import { Layout } from "./ui/Layout";
import { Broken, Crashed, NotFound } from "./ui/NotFound";

const ItemPage = lazy(() => import("./reviews/ItemPage"));
const ReviewPage = lazy(() => import("./reviews/ReviewPage"));
const CampaignsPage = lazy(() => import("./campaigns/CampaignsPage"));
const CampaignPage = lazy(() => import("./campaigns/CampaignPage"));
const LedgerPage = lazy(() => import("./campaigns/LedgerPage"));
const MePage = lazy(() => import("./me/MePage"));
const OperatePage = lazy(() => import("./operate/OperatePage"));
const CampaignDesk = lazy(() => import("./operate/CampaignDesk"));
const CampaignEditor = lazy(() => import("./operate/CampaignEditor"));
const TicketsDesk = lazy(() => import("./operate/TicketsDesk"));
const PlacesDesk = lazy(() => import("./operate/PlacesDesk"));
const PartnersDesk = lazy(() => import("./operate/PartnersDesk"));
const RolesDesk = lazy(() => import("./operate/RolesDesk"));
const AuditDesk = lazy(() => import("./operate/AuditDesk"));
const OpsPage = lazy(() => import("./ops/OpsPage"));

export const router = createBrowserRouter([
  {
    element: <Layout />,
    errorElement: <Crashed />,
    children: [
      {
        // A page that breaks leaves what is around it: the way elsewhere, and votes under way.
        errorElement: <Broken />,
        children: [
          { index: true, element: <Navigate to="/restaurants" replace /> },
          { path: "restaurants", element: <RestaurantsPage /> },
          { path: "restaurants/:restaurantId", element: <RestaurantPage /> },
          { path: "items/:itemId", element: <ItemPage /> },
          { path: "reviews/:reviewId", element: <ReviewPage /> },
          { path: "campaigns", element: <CampaignsPage /> },
          { path: "campaigns/:campaignId", element: <CampaignPage /> },
          { path: "campaigns/:campaignId/ledger", element: <LedgerPage /> },
          { path: "me", element: <MePage /> },
          {
            path: "operate",
            element: <OperatePage />,
            children: [
              { index: true, element: <CampaignDesk /> },
              { path: "campaigns/new", element: <CampaignEditor /> },
              { path: "campaigns/:campaignId/edit", element: <CampaignEditor /> },
              { path: "tickets", element: <TicketsDesk /> },
              { path: "places", element: <PlacesDesk /> },
              { path: "partners", element: <PartnersDesk /> },
              { path: "roles", element: <RolesDesk /> },
              { path: "audit", element: <AuditDesk /> },
            ],
          },
          { path: "ops", element: <OpsPage /> },
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
]);
